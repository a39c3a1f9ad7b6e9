# Lab exercise: fit a sum of waves with an MLP, training counted in iterations
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(21)

t = torch.rand(500, 2) * 2 - 1
t = t / t.std(0)
height = torch.sin(1.5 * t[:, :1]) + torch.cos(t[:, 1:]) - 0.5
height = (height - height.mean()) / height.std() + 0.05 * torch.randn(500, 1)

train_loader = DataLoader(TensorDataset(t[:400], height[:400]), batch_size=16, shuffle=True)
test_t, test_height = t[400:], height[400:]

model = nn.Sequential(
    nn.Linear(2, 32), nn.Tanh(),
    nn.Linear(32, 32), nn.Tanh(),
    nn.Linear(32, 1),
)
loss_function = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.005)

max_iters = 200
x_batch, y_batch = next(iter(train_loader))  # coach: repeated-batch; fix: train_loader
for it in range(1, max_iters + 1):
    optimizer.zero_grad()
    output = model(x_batch)
    loss = loss_function(output, y_batch)
    loss.backward()
    optimizer.step()
    if it % 40 == 0:
        print(f"iter {it:3d}/{max_iters}  loss {loss.item():.4f}")

model.eval()
with torch.no_grad():
    test_loss = loss_function(model(test_t), test_height).item()
print(f"test loss {test_loss:.4f}")  # coach-also: overfitting
