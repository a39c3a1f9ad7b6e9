# %%
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
centers = 1.5 * torch.randn(4, 6)
lab = torch.randint(0, 4, (400,))
pts = centers[lab] + torch.randn(400, 6)
pts = (pts - pts.mean(0)) / pts.std(0)
train = DataLoader(TensorDataset(pts[:300], lab[:300]), batch_size=30, shuffle=True)
test_x, test_y = pts[300:], lab[300:]

# %%
model = nn.Sequential(nn.Linear(6, 20), nn.Tanh(), nn.Linear(20, 4))
opt = torch.optim.SGD(model.parameters(), lr=0.1)

# %%
def test_accuracy():
    model.eval()
    torch.set_grad_enabled(False)  # coach: training-under-no-grad; fix: torch.no_grad()
    acc = (model(test_x).argmax(1) == test_y).float().mean().item()
    model.train()  # coach-line: training-under-no-grad
    return acc

# %% [fit]
for xb, yb in train:
    opt.zero_grad()
    loss = F.cross_entropy(model(xb), yb)
    loss.backward()  # coach-also: nothing-requires-grad
    opt.step()
print("loss", loss.item())

# %%
print("test acc", test_accuracy())

# %%
for epoch in range(3):
    for xb, yb in train:
        opt.zero_grad()
        loss = F.cross_entropy(model(xb), yb)
        loss.backward()
        opt.step()
    print(epoch, loss.item(), test_accuracy())
