import gradbook as torch
from gradbook import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = [nn.Linear(4, 4), nn.ReLU()]  # coach: unused-parameters; fix: self.layers = nn.ModuleList([nn.Linear(4, 4), nn.ReLU()])
        self.out = nn.Linear(4, 1)

    def forward(self, x):
        return self.out(self.layers[1](self.layers[0](x)))


model = Net()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(5):
    optimizer.zero_grad()
    nn.functional.mse_loss(model(torch.randn(32, 4)), torch.randn(32, 1)).backward()
    optimizer.step()
