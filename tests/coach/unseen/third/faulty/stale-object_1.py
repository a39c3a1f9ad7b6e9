# %%
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset
import gradbook.nn.functional as F

_ = torch.manual_seed(3)

# %%
centres = 1.6 * torch.randn(5, 6)
y_all = torch.randint(0, 5, (700,))
x_all = centres[y_all] + torch.randn(700, 6)
x_all = (x_all - x_all.mean(0)) / x_all.std(0)
loader = DataLoader(TensorDataset(x_all[:500], y_all[:500]), batch_size=50, shuffle=True)
x_dev, y_dev = x_all[500:], y_all[500:]

# %%
def mlp(width):
    return nn.Sequential(nn.Linear(6, width), nn.ReLU(), nn.Linear(width, 5))

model = mlp(3)

# %%
def dev_accuracy(net=model):  # coach-line: stale-object
    net.eval()
    with torch.no_grad():
        hits = (net(x_dev).argmax(dim=1) == y_dev).sum().item()
    net.train()
    return hits / len(y_dev)

def fit(net, optimizer, epochs=10):
    for _ in range(epochs):
        for x, y in loader:
            optimizer.zero_grad()
            loss = F.cross_entropy(net(x), y)
            loss.backward()
            optimizer.step()
    return loss.item()

# %%
opt = torch.optim.Adam(model.parameters(), lr=5e-3)
print("3 units :", fit(model, opt), "dev", dev_accuracy())

# %%
# more units should help
model = mlp(48)
opt = torch.optim.Adam(model.parameters(), lr=5e-3)
fit(model, opt)

# %%
print("48 units:", dev_accuracy())  # coach: stale-object; fix: dev_accuracy(model)
