import gradbook as torch
import gradbook.nn as nn


class Conv(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 8, 3, bias=False)
        self.drop = nn.Dropout2d(0.2)
        self.norm = nn.BatchNorm2d(8)
        self.fc = nn.Linear(8, 2)

    def forward(self, x):
        return self.fc(torch.relu(self.norm(self.drop(self.conv(x)))).mean((2, 3)))  # coach: dropout-before-batchnorm


model = Conv()
opt = torch.optim.Adam(model.parameters())
for i in range(3):
    opt.zero_grad()
    nn.CrossEntropyLoss()(model(torch.rand(8, 1, 7, 7)), torch.randint(0, 2, (8,))).backward()
    opt.step()
