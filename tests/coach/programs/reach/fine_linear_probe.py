import gradbook as torch
import gradbook.nn as nn


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(7, 14), nn.ReLU())
        self.probe = nn.Linear(14, 2)

    def forward(self, x):
        return self.probe(self.encoder(x))


model = Model()
optimizer = torch.optim.SGD(model.probe.parameters(), lr=0.1)
x, y = torch.randn(40, 7), torch.randint(0, 2, (40,))
for step in range(10):
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(x), y).backward()
    optimizer.step()
