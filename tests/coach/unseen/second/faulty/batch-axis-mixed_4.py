import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F

torch.manual_seed(70)
cfg = {"envs": 8, "horizon": 12, "obs": 4, "updates": 15, "gamma": 0.8, "lr": 3e-3}


class ValueNet(nn.Module):
    def __init__(self, obs):
        super().__init__()
        self.gru = nn.GRU(obs, 24, batch_first=True)
        self.v = nn.Linear(24, 1)

    def forward(self, o):
        h, _ = self.gru(o)
        return self.v(h).squeeze(-1)


def rollout():
    """observations (horizon, envs, obs) and discounted returns (horizon, envs)"""
    obs = torch.randn(cfg["horizon"], cfg["envs"], cfg["obs"])
    rew = obs[..., 0] - 0.5 * obs[..., 1]
    ret = torch.zeros_like(rew)
    g = torch.zeros(cfg["envs"])
    for t in range(cfg["horizon"] - 1, -1, -1):
        g = rew[t] + cfg["gamma"] * g
        ret[t] = g
    return obs, ret


critic = ValueNet(cfg["obs"])
optimizer = torch.optim.Adam(critic.parameters(), lr=cfg["lr"])
for update in range(cfg["updates"]):
    obs, ret = rollout()
    obs = obs.reshape(cfg["envs"], cfg["horizon"], cfg["obs"])  # coach: batch-axis-mixed
    loss = F.mse_loss(critic(obs), ret.transpose(0, 1))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if update % 5 == 0:
        print("update", update, "value loss", loss.item())
# coach-also: loss-plateau
