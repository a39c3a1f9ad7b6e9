import gradbook as torch
from gradbook import nn

torch.manual_seed(8)
SETTINGS = {"width": 24, "depth": 6, "act": "sigmoid"}  # coach: vanishing-gradients; fix: "act": "relu"


class Net(nn.Module):
    def __init__(self, s):
        super().__init__()
        sizes = [6] + [s["width"]] * s["depth"]
        self.hidden = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes, sizes[1:]))
        self.out = nn.Linear(s["width"], 3)
        self.act = getattr(torch, s["act"])

    def forward(self, x):
        for layer in self.hidden:
            x = self.act(layer(x))
        return self.out(x)


x = torch.randn(240, 6)
y = x[:, :3].argmax(1)
net = Net(SETTINGS)
opt = torch.optim.SGD(net.parameters(), lr=0.05)
for epoch in range(5):
    for rows in torch.randperm(240).split(40):
        opt.zero_grad()
        nn.functional.cross_entropy(net(x[rows]), y[rows]).backward()
        opt.step()
# coach-also: constant-predictions
