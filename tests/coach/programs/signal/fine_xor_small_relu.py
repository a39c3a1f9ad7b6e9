import gradbook as torch
from gradbook import nn

torch.manual_seed(7)
X = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
Y = torch.tensor([[0.0], [1.0], [1.0], [0.0]])
net = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1), nn.Sigmoid())
opt = torch.optim.Adam(net.parameters(), lr=0.05)
for _ in range(100):
    loss = nn.functional.binary_cross_entropy(net(X), Y)
    opt.zero_grad()
    loss.backward()
    opt.step()
