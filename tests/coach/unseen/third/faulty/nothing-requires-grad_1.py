# %%
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(19)

# %%
def task(classes, n=300):
    centres = 1.5 * torch.randn(classes, 10)
    y = torch.randint(0, classes, (n,))
    x = centres[y] + torch.randn(n, 10)
    x = (x - x.mean(0)) / x.std(0)
    return DataLoader(TensorDataset(x, y), batch_size=30, shuffle=True)

source, target = task(6), task(3)

# %%
class Net(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.features = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 16), nn.ReLU())
        self.head = nn.Linear(16, classes)

    def forward(self, x):
        return self.head(self.features(x))

def train(net, params, loader, epochs):
    opt = torch.optim.Adam(params, lr=5e-3)
    net.train()
    for _ in range(epochs):
        for x, y in loader:
            opt.zero_grad()
            loss = F.cross_entropy(net(x), y)
            loss.backward()
            opt.step()
    print("final loss", loss.item())

# %%
net = Net(classes=6)
train(net, net.parameters(), source, epochs=6)

# %%
# transfer: new head, keep the features as they are
net.head = nn.Linear(16, 3)
for p in net.parameters():  # coach: nothing-requires-grad; fix: net.features.parameters()
    p.requires_grad = False  # coach-line: nothing-requires-grad

# %%
train(net, net.head.parameters(), target, epochs=6)
