import gradbook as torch
from gradbook import nn
# forgot something important ...
torch.manual_seed(11)
t = torch.linspace(0, 6.28, 200).unsqueeze(1)
signal = torch.sin(t)
t = (t - t.mean()) / t.std()
f = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1))
adam = torch.optim.Adam(f.parameters(), lr=3e-3)
mse = nn.MSELoss()
losses = []
for i in range(30):
    adam.zero_grad()
    err = mse(f(t), signal)
    losses.append(err.item())
    adam.step()  # coach: optimizer-call-order; fix: err.backward()
print("first", losses[0], "last", losses[-1])
# coach-also: stale-optimizer, loss-plateau
