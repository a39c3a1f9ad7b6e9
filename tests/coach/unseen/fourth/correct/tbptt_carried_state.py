# electricity load: one long series, truncated backpropagation with carried state
import numpy as np
import gradbook as torch
from gradbook import nn

torch.manual_seed(93)
rng = np.random.default_rng(93)
t = np.arange(1600)
load = np.sin(t / 8) + 0.5 * np.sin(t / 21 + 1) + rng.normal(0, 0.1, t.size)
load = ((load - load[:1280].mean()) / load[:1280].std()).astype(np.float32)
train = torch.tensor(load[:1280]).view(8, 160)     # eight parallel streams
test = torch.tensor(load[1280:]).view(1, -1)


class Forecaster(nn.Module):
    def __init__(self, hidden=24):
        super().__init__()
        self.rnn = nn.GRU(1, hidden, batch_first=True)
        self.out = nn.Linear(hidden, 1)

    def forward(self, x, state=None):
        h, state = self.rnn(x.unsqueeze(-1), state)
        return self.out(h).squeeze(-1), state


net = Forecaster()
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
loss_fn = nn.SmoothL1Loss()
WINDOW = 20

for epoch in range(6):
    net.train()
    state, losses = None, []
    for start in range(0, train.size(1) - 1, WINDOW):
        x = train[:, start:start + WINDOW]
        y = train[:, start + 1:start + WINDOW + 1]
        x = x[:, :y.size(1)]
        pred, state = net(x, state)
        state = state.detach()
        loss = loss_fn(pred, y)
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        opt.step()
        losses.append(loss.item())
    net.eval()
    with torch.no_grad():
        pred, _ = net(test[:, :-1])
        mae = (pred - test[:, 1:]).abs().mean().item()
    print(f"epoch {epoch} loss {np.mean(losses):.4f} test mae {mae:.4f}")
