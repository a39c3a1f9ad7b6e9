import gradbook as torch
from gradbook import nn

torch.manual_seed(23)
B, T, CHUNKS = 16, 10, 12
t = torch.arange(T * CHUNKS + 1).float() * 0.25
wave = torch.sin(t.view(1, -1) + 6.28 * torch.rand(B, 1)) + 0.05 * torch.randn(B, len(t))


class Forecaster(nn.Module):
    def __init__(self, h=24):
        super().__init__()
        self.gru = nn.GRU(1, h, batch_first=True)
        self.out = nn.Linear(h, 1)

    def forward(self, x, state=None):
        y, state = self.gru(x, state)
        return self.out(y), state


net = Forecaster()
opt = torch.optim.Adam(net.parameters(), lr=0.01)
mse = nn.MSELoss()
for epoch in range(4):
    state = None
    total = 0.0
    for c in range(CHUNKS):
        # chunks come in time order: the state is carried over, truncated BPTT
        x = wave[:, c * T:(c + 1) * T].unsqueeze(2)
        y = wave[:, c * T + 1:(c + 1) * T + 1].unsqueeze(2)
        if state is not None:
            state = state.detach()
        pred, state = net(x, state)
        loss = mse(pred, y)
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        opt.step()
        total += loss.item()
    print(epoch, total / CHUNKS)
