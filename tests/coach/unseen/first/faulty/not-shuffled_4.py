import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset
torch.manual_seed(84)
# regression on a sorted grid, sequential sampler given explicitly
from gradbook.utils.data import SequentialSampler
t = torch.linspace(-1.7, 1.7, 200).unsqueeze(1)
v = torch.sin(2 * t) + 0.05 * torch.randn(200, 1)
ds = TensorDataset(t, v)
dl = DataLoader(ds, batch_size=20, sampler=SequentialSampler(ds))  # coach: not-shuffled; fix: shuffle=True
f = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 1))
opt = torch.optim.Adam(f.parameters(), lr=1e-2)
for ep in range(5):
    tot = 0.0
    for a, b in dl:
        loss = nn.functional.mse_loss(f(a), b)
        opt.zero_grad(); loss.backward(); opt.step()
        tot += loss.item()
    print(ep, tot / len(dl))
