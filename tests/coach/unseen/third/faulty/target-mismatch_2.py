# %%
import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(13)
gamma = 0.9

# %%
# Monte-Carlo policy evaluation: a particle drifts in 2-D, reward is high near the origin
pos = torch.randn(150, 2)
states, rewards = [], []
for t in range(25):
    states.append(pos)
    rewards.append(torch.exp(-pos.pow(2).sum(1)))
    pos = 0.9 * pos + 0.15 * torch.randn_like(pos)

g, returns = torch.zeros(150), []
for r in reversed(rewards):
    g = r + gamma * g
    returns.append(g)
returns = torch.stack(returns[::-1])[:10].flatten()
states = torch.stack(states)[:10].flatten(0, 1)
states = (states - states.mean(0)) / states.std(0)
returns = (returns - returns.mean()) / returns.std()
data = TensorDataset(states, returns)
train_set, test_set = random_split(data, [1200, 300])


# %%
class ValueFunction(nn.Module):
    def __init__(self, obs_dim=2, width=32):
        super().__init__()
        self.l1 = nn.Linear(obs_dim, width)
        self.l2 = nn.Linear(width, width)
        self.v = nn.Linear(width, 1)

    def forward(self, s):
        h = torch.tanh(self.l1(s))
        h = torch.tanh(self.l2(h))
        return self.v(h)  # coach-line: target-mismatch


V = ValueFunction()
optimiser = torch.optim.Adam(V.parameters(), lr=3e-3)

# %%
for epoch in range(8):
    V.train()
    for s, ret in DataLoader(train_set, batch_size=50, shuffle=True):
        value = V(s)  # coach-line: target-mismatch
        loss = F.mse_loss(value, ret)  # coach: target-mismatch; fix: squeeze(
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    print(f"epoch {epoch}: value loss {loss.item():.4f}")  # coach-also: silent-broadcast

# %%
V.eval()
with torch.no_grad():
    s, ret = test_set[:]
    print("spread of predicted values:", V(s).std().item(), "of returns:", ret.std().item())
