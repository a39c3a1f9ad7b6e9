import gradbook as torch
import gradbook.nn as nn


class Digits(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(64, 32)
        self.fc2 = nn.Linear(32, 10)

    def forward(self, x):
        h = torch.sigmoid(self.fc1(x))  # coach: saturated-activation
        return self.fc2(h)


images = torch.randint(0, 256, (80, 64)).float() * 4
labels = torch.randint(0, 10, (80,))
model = Digits()
opt = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(2):
    for i in range(0, 80, 20):  # coach-also: input-not-normalised
        opt.zero_grad()
        nn.functional.cross_entropy(model(images[i : i + 20]), labels[i : i + 20]).backward()
        opt.step()
