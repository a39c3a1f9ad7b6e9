import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


def block(cin, cout):
    return nn.Sequential(nn.Linear(cin, cout), nn.ReLU())


class Stack(nn.Module):
    def __init__(self):
        super().__init__()
        self.b1 = block(8, 24)
        self.fc = nn.Linear(24, 1)

    def forward(self, x):
        x = F.relu(self.b1(x))  # coach: redundant-activation; fix: x = self.b1(x)
        return self.fc(x)


torch.manual_seed(84)
x = torch.randn(200, 8)
y = x[:, :1].abs() + 0.3 * x[:, 2:3]
model = Stack()
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
for it in range(40):
    b = torch.randint(0, 200, (50,))
    loss = F.mse_loss(model(x[b]), y[b])
    opt.zero_grad()
    loss.backward()
    opt.step()
    if it % 10 == 0:
        print(it, loss.item())
