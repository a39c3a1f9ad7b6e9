# %%
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

# %%
torch.manual_seed(8)
means = torch.randn(6, 12)
labels = torch.randint(0, 6, (900,))
inputs = means[labels] + 0.9 * torch.randn(900, 12)
inputs = (inputs - inputs.mean(0)) / inputs.std(0)
train_dl = DataLoader(TensorDataset(inputs[:720], labels[:720]), batch_size=48, shuffle=True)
val_x, val_y = inputs[720:], labels[720:]

# %%
model = nn.Sequential(
    nn.Linear(12, 48),
    nn.LeakyReLU(0.1),
    nn.Linear(48, 48),
    nn.LeakyReLU(0.1),
    nn.Linear(48, 6),
)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.15)  # coach: learning-rate-too-high; fix: lr=

# %%
for epoch in range(12):
    model.train()
    losses = []
    for xb, yb in train_dl:
        optimizer.zero_grad()
        loss = criterion(model(xb), yb)  # coach-also: update-ratio-high
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    model.eval()
    with torch.no_grad():
        acc = (model(val_x).argmax(1) == val_y).float().mean().item()
    print(f"epoch {epoch}: mean {sum(losses) / len(losses):.2f} min {min(losses):.2f} max {max(losses):.2f} val acc {acc:.3f}")
