"""Fitted value iteration: a critic for returns that lie around twelve."""
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(29)
states = torch.randn(512, 6)
returns = 12 + 3 * torch.sin(states[:, :1]) + 2 * states[:, 1:2] * states[:, 2:3] + 0.2 * torch.randn(512, 1)


class Critic(nn.Module):
    def __init__(self, n_obs, width=40):
        super().__init__()
        self.l1 = nn.Linear(n_obs, width)
        self.l2 = nn.Linear(width, width)
        self.v = nn.Linear(width, 1)

    def forward(self, s):
        s = torch.relu(self.l1(s))
        s = torch.relu(self.l2(s))
        return self.v(s)


critic = Critic(6)
opt = torch.optim.SGD(critic.parameters(), lr=0.1)  # coach: dead-relu
mse = nn.MSELoss()
loader = DataLoader(TensorDataset(states, returns), batch_size=64, shuffle=True)
for epoch in range(15):
    total = 0.0
    for s, g in loader:
        loss = mse(critic(s), g)
        opt.zero_grad()
        loss.backward()  # coach-also: loss-plateau
        opt.step()  # coach-also: constant-predictions
        total += loss.item()
    print(epoch, round(total / len(loader), 3))

critic.eval()
with torch.no_grad():
    h = torch.relu(critic.l2(torch.relu(critic.l1(states))))
    print("silent units:", (h == 0).all(0).float().mean().item())
# coach-also: learning-rate-too-high
