import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset
torch.manual_seed(72)
# RMSLE: predictions may be below -1
X = torch.randn(160, 5)
y = torch.exp(0.5 * X[:, 0]).unsqueeze(1)
class RMSLELoss(nn.Module):
    def forward(self, p, t):
        return torch.sqrt(((torch.log(p + 1) - torch.log(t + 1)) ** 2).mean())  # coach: nan-origin
model = nn.Sequential(nn.Linear(5, 32), nn.ReLU(), nn.Linear(32, 1))
with torch.no_grad():
    model[2].bias.fill_(-0.7)
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
crit = RMSLELoss()
for ep in range(2):
    for a, b in DataLoader(TensorDataset(X, y), batch_size=32, shuffle=True):
        opt.zero_grad()
        loss = crit(model(a), b)
        loss.backward()
        opt.step()
    print(ep, loss.item())
# coach-also: loss-diverged, bad-init
