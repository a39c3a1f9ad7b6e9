import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(9)


def make_flowers(per_class=80):
    """Three species, four measurements each (iris style)."""
    centres = torch.tensor([[5.0, 3.4, 1.5, 0.3], [5.9, 2.8, 4.3, 1.3], [6.6, 3.0, 5.6, 2.0]])
    x = torch.cat([c + 0.35 * torch.randn(per_class, 4) for c in centres])
    y = torch.arange(3).repeat_interleave(per_class)
    order = torch.randperm(len(y))
    return x[order], y[order]


class IrisNet(nn.Module):
    def __init__(self, n_hidden=16):
        super().__init__()
        self.hidden = nn.Linear(4, n_hidden)
        self.out = nn.Linear(n_hidden, 3)

    def forward(self, x):
        h = F.relu(self.hidden(x))
        return F.softmax(self.out(h), dim=1)  # coach: softmax-before-cross-entropy; fix: return self.out(h)


x, y = make_flowers()
x_tr, y_tr, x_te, y_te = x[:180], y[:180], x[180:], y[180:]
mu, sigma = x_tr.mean(0), x_tr.std(0)
x_tr, x_te = (x_tr - mu) / sigma, (x_te - mu) / sigma

loader = DataLoader(TensorDataset(x_tr, y_tr), batch_size=20, shuffle=True)
net = IrisNet()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)

for epoch in range(1, 11):
    net.train()
    epoch_loss = 0.0
    for xb, yb in loader:
        optimizer.zero_grad()
        loss = criterion(net(xb), yb)
        loss.backward()
        optimizer.step()
        epoch_loss += loss.item()
    if epoch % 2 == 0:
        net.eval()
        with torch.no_grad():
            acc = (net(x_te).argmax(1) == y_te).float().mean().item()
        print(f"epoch {epoch:2d}  loss {epoch_loss / len(loader):.4f}  test accuracy {acc:.3f}")
