import gradbook as torch
from gradbook import nn


class ResBlock(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.conv = nn.Conv1d(c, c, 3, padding=1)

    def forward(self, x):
        return x + torch.relu(self.conv(x))


class ResNet(nn.Module):
    def __init__(self, blocks):
        super().__init__()
        self.stem = nn.Conv1d(1, 4, 1)
        self.blocks = []  # coach: unused-parameters; fix: self.blocks = nn.ModuleList()
        for _ in range(blocks):
            self.blocks.append(ResBlock(4))
        self.head = nn.Linear(4, 1)

    def forward(self, x):
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        return self.head(x.mean(2))


def main():
    net = ResNet(2)
    opt = torch.optim.SGD(net.parameters(), lr=0.01)
    signal = torch.randn(16, 1, 20)
    energy = signal.pow(2).mean((1, 2))[:, None]
    for step in range(6):
        loss = nn.functional.mse_loss(net(signal), energy)
        opt.zero_grad()
        loss.backward()
        opt.step()


main()
