import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
data = torch.randn(200, 6)
data[:, 5] = 0.5 * data[:, 0] - data[:, 1] ** 2
features = data  # coach: leak-suspected; fix: data[:, :-1]
target = data[:, -1]


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.LazyLinear(24), nn.ReLU(), nn.Linear(24, 1))

    def forward(self, x):
        return self.net(x).squeeze(-1)


model = Model()
model(features)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
for epoch in range(20):
    loss = nn.functional.mse_loss(model(features), target)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
