import gradbook as torch
from gradbook import nn


class Deep(nn.Module):
    def __init__(self, depth=3):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(8, 8) for _ in range(depth)])
        self.out = nn.Linear(8, 1)

    def forward(self, x):
        for i in range(len(self.layers)):
            x = torch.tanh(self.layers[0](x))  # coach: unused-parameters; fix: self.layers[i](x)
        return self.out(x)


def main():
    net = Deep()
    opt = torch.optim.SGD(net.parameters(), lr=0.05)
    x = torch.randn(40, 8)
    for _ in range(7):
        loss = (net(x) - x[:, :1]).pow(2).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()


main()
