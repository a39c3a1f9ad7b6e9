"""World model: a GRU predicts the next observation of a driven pendulum, read as one long stream."""
import gradbook as torch
from gradbook import nn

torch.manual_seed(5)
STREAMS, CHUNK = 8, 10


def roll_out(steps):
    theta, omega = torch.randn(STREAMS) * 0.8, torch.randn(STREAMS) * 0.3
    frames = []
    for _ in range(steps):
        omega = 0.99 * omega - 0.15 * torch.sin(theta) + 0.02 * torch.randn(STREAMS)
        theta = theta + 0.15 * omega
        frames.append(torch.stack([torch.sin(theta), torch.cos(theta) - 0.7, 2 * omega], dim=-1))
    return torch.stack(frames, dim=1)


class WorldModel(nn.Module):
    def __init__(self, width=24):
        super().__init__()
        self.core = nn.GRU(3, width, batch_first=True)
        self.readout = nn.Linear(width, 3)

    def forward(self, obs, state):
        feats, state = self.core(obs, state)
        return self.readout(feats), state


model = WorldModel()
opt = torch.optim.Adam(model.parameters(), lr=3e-3)
mse = nn.MSELoss()

for epoch in range(3):
    stream = roll_out(12 * CHUNK + 1)
    state = None
    for k in range(0, stream.size(1) - 1, CHUNK):
        now, nxt = stream[:, k:k + CHUNK], stream[:, k + 1:k + CHUNK + 1]
        pred, state = model(now, state)  # coach: backward-twice; fix: state.detach()
        loss = mse(pred, nxt)
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        opt.step()
    print("epoch", epoch, "loss", loss.item())
