import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(9)


class Critic(nn.Module):
    """fitted value iteration: state -> discounted return"""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(5, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU())
        self.value = nn.Linear(32, 1)

    def forward(self, s):
        return self.value(self.body(s))


states = torch.randn(400, 5)
w = torch.randn(5)
returns = torch.tanh(states @ w) + 0.1 * torch.randn(400)
dl = DataLoader(TensorDataset(states, returns), batch_size=40, shuffle=True)
critic = Critic()
opt = torch.optim.Adam(critic.parameters(), lr=2e-3)
mse = nn.MSELoss()
for epoch in range(6):
    total = 0.0
    for s, g in dl:
        v = critic(s)
        loss = mse(v, g)  # coach: target-mismatch; fix: squeeze
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item()
    print(epoch, total / len(dl))
# coach-also: silent-broadcast
