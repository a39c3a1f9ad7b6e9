import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
energy = nn.Sequential(nn.Linear(5, 32), nn.ReLU(), nn.Linear(32, 4))
opt = torch.optim.SGD(energy.parameters(), lr=1e-3)
x = torch.randn(40, 5) * 1000
labels = torch.randint(0, 4, (40,))
for i in range(3):
    e = energy(x)
    probabilities = torch.exp(e) / torch.exp(e).sum(1, keepdim=True)  # coach: nan-origin
    loss = 1 - probabilities[torch.arange(40), labels].mean()
    opt.zero_grad()
    loss.backward()
    opt.step()  # coach-also: input-not-normalised
