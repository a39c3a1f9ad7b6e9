import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3)
        self.fc = nn.Linear(144, 3)

    def forward(self, x):
        return self.fc(F.relu(self.conv(x)).flatten(1))


def main():
    x, y = torch.randn(48, 1, 8, 8), torch.randint(0, 3, (48,))
    model = CNN()
    opt = torch.optim.RMSprop(model.parameters(), lr=1e-9)  # coach: learning-rate-too-low; fix: lr=0.001
    for epoch in range(4):
        for i in range(0, 48, 12):
            opt.zero_grad()
            F.cross_entropy(model(x[i : i + 12]), y[i : i + 12]).backward()
            opt.step()


main()
