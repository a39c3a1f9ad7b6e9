"""FitNets-flavoured hint training, student checked on held-out data each epoch."""
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(31)
proto = torch.randn(5, 16)
y = torch.arange(1000) % 5
x = proto[y] + torch.randn(1000, 16)
x = (x - x[:800].mean(0)) / x[:800].std(0)
tr, va = TensorDataset(x[:800], y[:800]), TensorDataset(x[800:], y[800:])
tr_dl, va_dl = DataLoader(tr, batch_size=50, shuffle=True), DataLoader(va, batch_size=100)


class Student(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Dropout(0.2))
        self.cls = nn.Linear(32, 5)
        self.regressor = nn.Linear(32, 64)

    def forward(self, x):
        h = self.trunk(x)
        return self.cls(h), self.regressor(h)


guide = nn.Sequential(nn.Linear(16, 64), nn.ReLU()).requires_grad_(False)
net = Student()
opt = torch.optim.Adam(net.parameters(), lr=2e-3)

for epoch in range(5):
    net.train()
    for xb, yb in tr_dl:
        with torch.no_grad():
            hint = guide(xb)
        logit, guess = net(xb)
        loss = F.cross_entropy(logit, yb) + 0.5 * F.mse_loss(guess, hint)
        opt.zero_grad()
        loss.backward()
        opt.step()

    net.eval()  # coach-line: no-grad-missing
    val, hit = 0.0, 0
    for xb, yb in va_dl:  # coach: no-grad-missing; fix: torch.no_grad()
        logit, _ = net(xb)  # coach-line: no-grad-missing
        val += F.cross_entropy(logit, yb).item()
        hit += (logit.argmax(1) == yb).sum().item()
    print(f"{epoch} val {val / len(va_dl):.3f} acc {hit / len(va):.3f}")
