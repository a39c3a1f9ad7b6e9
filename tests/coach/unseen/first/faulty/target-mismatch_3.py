import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset
# critic training (value function) with Huber
torch.manual_seed(52)
class Critic(nn.Module):
    def __init__(self, obs_dim):
        super().__init__()
        self.v = nn.Sequential(nn.Linear(obs_dim, 32), nn.Tanh(), nn.Linear(32, 1))
    def forward(self, o):
        return self.v(o).squeeze(-1)
def rollout(n=64):
    obs = torch.randn(n, 6)
    returns = obs[:, :2].sum(1, keepdim=True) + 0.1 * torch.randn(n, 1)
    return obs, returns
critic = Critic(6)
opt = torch.optim.Adam(critic.parameters(), lr=3e-3)
for update in range(20):
    obs, ret = rollout()
    value = critic(obs)
    value_loss = F.smooth_l1_loss(value, ret)  # coach: target-mismatch; fix: ret.squeeze(
    opt.zero_grad()
    value_loss.backward()
    nn.utils.clip_grad_norm_(critic.parameters(), 0.5)
    opt.step()
    if update % 5 == 0:
        print(update, value_loss.item())
# coach-also: silent-broadcast, loss-plateau, constant-predictions
