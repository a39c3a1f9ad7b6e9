import gradbook as torch
from gradbook import nn

torch.manual_seed(1)
x = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
t = torch.tensor([[0.0], [1.0], [1.0], [0.0]])


class XOR(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(2, 8)
        self.output = nn.Linear(8, 1)

    def forward(self, x):
        return self.output(torch.tanh(self.hidden(x)))


net = XOR()
opt = torch.optim.Adam(net.parameters(), lr=0.05)
loss_fn = nn.BCEWithLogitsLoss()
for epoch in range(120):
    opt.zero_grad()
    loss = loss_fn(net(x), t)
    loss.backward()
    opt.step()
    if epoch % 30 == 0:
        print(epoch, loss.item())

with torch.no_grad():
    print((torch.sigmoid(net(x)) > 0.5).int().flatten().tolist())
