import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class Distilled(nn.Module):
    def __init__(self, teacher):
        super().__init__()
        self.student = nn.Linear(6, 3)
        self.teacher = [teacher.eval()]  # in a list, so that it is not saved with the student

    def loss(self, x):
        with torch.no_grad():
            aim = self.teacher[0](x).softmax(1)
        return F.kl_div(self(x).log_softmax(1), aim, reduction="batchmean")

    def forward(self, x):
        return self.student(x)


model = Distilled(nn.Sequential(nn.Linear(6, 20), nn.ReLU(), nn.Linear(20, 3)))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
x = torch.randn(50, 6)
for step in range(6):
    optimizer.zero_grad()
    model.loss(x).backward()
    optimizer.step()
