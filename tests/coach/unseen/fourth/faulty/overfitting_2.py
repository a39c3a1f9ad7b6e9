import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

MODELS = {}


def register(name):
    def deco(cls):
        MODELS[name] = cls
        return cls
    return deco


@register("wide_mlp")
class WideMLP(nn.Module):
    def __init__(self, d_in, d_hidden, d_out):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(d_in, d_hidden), nn.ReLU(), nn.Linear(d_hidden, d_hidden), nn.ReLU())
        self.head = nn.Linear(d_hidden, d_out)

    def forward(self, x):
        return self.head(self.body(x))


def make_split(n):
    x = torch.randn(n, 20)
    y = (x[:, 0] + x[:, 1] + 1.2 * torch.randn(n) > 0).long()
    return TensorDataset(x, y)


torch.manual_seed(2)
train_loader = DataLoader(make_split(64), batch_size=16, shuffle=True)  # coach-line: overfitting
val_loader = DataLoader(make_split(256), batch_size=128)
net = MODELS["wide_mlp"](20, 256, 2)  # coach-line: overfitting
opt = torch.optim.Adam(net.parameters(), lr=1e-3)  # coach: overfitting

for epoch in range(60):  # coach-line: overfitting
    net.train()
    train_loss = 0.0
    for xb, yb in train_loader:
        opt.zero_grad()
        loss = F.cross_entropy(net(xb), yb)
        loss.backward()
        opt.step()
        train_loss += loss.item() / len(train_loader)
    net.eval()
    with torch.no_grad():
        val_loss = sum(F.cross_entropy(net(xb), yb).item() for xb, yb in val_loader) / len(val_loader)
    if epoch % 5 == 4:
        print(f"epoch {epoch + 1}: train {train_loss:.3f}  val {val_loss:.3f}")
