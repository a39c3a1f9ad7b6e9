"""The XOR problem: four samples, full batch, a tiny tanh network."""
import gradbook as torch
from gradbook import nn

torch.manual_seed(2)
x = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
y = torch.tensor([[0.0], [1.0], [1.0], [0.0]])

net = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1), nn.Sigmoid())
opt = torch.optim.Adam(net.parameters(), lr=0.05)
bce = nn.BCELoss()
for epoch in range(200):
    opt.zero_grad()
    loss = bce(net(x), y)
    loss.backward()
    opt.step()
    if epoch % 50 == 0:
        print(epoch, loss.item())
with torch.no_grad():
    print(net(x).round().flatten().tolist(), loss.item())
