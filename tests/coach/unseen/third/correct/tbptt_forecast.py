import gradbook as torch
from gradbook import nn

torch.manual_seed(64)

# four parallel series, read from left to right in windows of 20
steps = torch.arange(0, 640).float()
phases = torch.rand(4, 1) * 6.28
series = torch.sin(0.21 * steps + phases) + 0.5 * torch.sin(0.053 * steps + 2 * phases)
series = series + 0.05 * torch.randn(4, 640)
series = (series - series[:, :521].mean()) / series[:, :521].std()
WINDOW = 20
train, valid = series[:, :521], series[:, 521:]


def windows(data):
    for s in range(0, data.size(1) - WINDOW, WINDOW):
        chunk = data[:, s:s + WINDOW + 1].unsqueeze(-1)
        yield chunk[:, :-1], chunk[:, 1:]


class Forecaster(nn.Module):
    def __init__(self, hidden=24):
        super().__init__()
        self.rnn = nn.LSTM(1, hidden, batch_first=True)
        self.readout = nn.Linear(hidden, 1)

    def forward(self, x, state=None):
        out, state = self.rnn(x, state)
        return self.readout(out), state


net = Forecaster()
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
loss_fn = nn.MSELoss()

for epoch in range(5):
    net.train()
    state, total, n = None, 0.0, 0
    for past, future in windows(train):
        if state is not None:
            state = tuple(s.detach() for s in state)
        opt.zero_grad()
        forecast, state = net(past, state)
        loss = loss_fn(forecast, future)
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        opt.step()
        total, n = total + loss.item(), n + 1

    net.eval()
    with torch.no_grad():
        vstate, vtotal, vn = None, 0.0, 0
        for past, future in windows(valid):
            forecast, vstate = net(past, vstate)
            vtotal, vn = vtotal + loss_fn(forecast, future).item(), vn + 1
    print(f"epoch {epoch}: train {total / n:.4f} valid {vtotal / vn:.4f}")
