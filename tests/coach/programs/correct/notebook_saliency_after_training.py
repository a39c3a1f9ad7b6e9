# %% [1]
import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
x, y = torch.randn(40, 6), torch.randint(0, 3, (40,))
model = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 3))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
# %% [2]
for _ in range(10):
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
# %% [3]
model.eval()
image = x[:4].clone().requires_grad_(True)
scores = model(image)
print(scores.argmax(1), y[:4])
# %% [4]
scores.max(1).values.sum().backward()
# %% [5]
print(image.grad.abs().argmax(1))
# %% [6]
image.grad = None
loss = nn.functional.cross_entropy(model(image), y[:4])
print(loss.item())
# %% [7]
loss.backward()
attacked = (image + 0.1 * image.grad.sign()).detach()
# %% [8]
with torch.no_grad():
    print(model(attacked).argmax(1))
