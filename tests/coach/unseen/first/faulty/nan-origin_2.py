import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset
# per-sample standardisation; some samples are constant (dead sensor)
torch.manual_seed(28)
sig = torch.randn(160, 20)
sig[::16] = 0.5
lab = (sig[:, :10].mean(1) > sig[:, 10:].mean(1)).long()
class Norm(nn.Module):
    def forward(self, x):
        mu = x.mean(1, keepdim=True)
        sd = x.std(1, keepdim=True)
        return (x - mu) / sd  # coach: nan-origin; fix: sd +
net = nn.Sequential(Norm(), nn.Linear(20, 16), nn.ReLU(), nn.Linear(16, 2))
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for ep in range(2):
    for xb, yb in DataLoader(TensorDataset(sig, lab), batch_size=32, shuffle=True):
        loss = F.cross_entropy(net(xb), yb)
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(ep, loss.item())
# coach-also: loss-diverged
