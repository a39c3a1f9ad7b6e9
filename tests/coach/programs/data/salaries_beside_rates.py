import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn


def make_data(n=80):
    salary = torch.rand(n, 1) * 50_000 + 20_000
    rate = torch.rand(n, 1)
    features = torch.cat([salary, rate], dim=1)  # coach: input-not-normalised; fix: features.std(dim=0)
    label = (rate.squeeze(1) > 0.5).long()
    return features, label


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(2, 8)
        self.out = nn.Linear(8, 2)

    def forward(self, x):
        return self.out(torch.relu(self.hidden(x)))


features, label = make_data()
model = Model()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
for i in range(10):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(features), label)
    loss.backward()
    optimizer.step()
