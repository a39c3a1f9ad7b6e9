# %%
import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(5)

# %%
grid = torch.randint(0, 4, (560,))
img = torch.randn(560, 1, 8, 8)
for i, k in enumerate(grid.tolist()):
    if k == 0:
        img[i, 0, 2:4, :] += 1.6
    elif k == 1:
        img[i, 0, :, 2:4] += 1.6
    elif k == 2:
        img[i, 0] += 1.6 * torch.eye(8)
    else:
        img[i, 0] += 1.6 * torch.eye(8).flip(0)
img = (img - img.mean()) / img.std()
train_dl = DataLoader(TensorDataset(img[:400], grid[:400]), batch_size=40, shuffle=True)
x_te, y_te = img[400:], grid[400:]

# %%
def convnet(c):
    return nn.Sequential(nn.Conv2d(1, c, 3, padding=1, bias=False), nn.BatchNorm2d(c), nn.ReLU(),
                         nn.AvgPool2d(2), nn.Flatten(), nn.Linear(16 * c, 4))

def fit(model, optimizer, epochs):
    for _ in range(epochs):
        model.train()
        for x, y in train_dl:
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()

@torch.no_grad()
def accuracy(model):
    model.eval()
    return (model(x_te).argmax(1) == y_te).float().mean().item()

# %%
model = convnet(2)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
fit(model, optimizer, epochs=4)
print("2 channels", accuracy(model))

# %%
small = model
model = convnet(8)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
fit(model, optimizer, epochs=4)
print("8 channels", accuracy(model), "against", accuracy(small))
