import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(149)
STREAMS, CHUNK, N_CHUNKS = 16, 10, 12


class StatefulRNN(nn.Module):
    """The Keras stateful=True idea: the carry survives from chunk to chunk."""

    def __init__(self, n_in=1, n_hidden=24):
        super().__init__()
        self.cell = nn.GRUCell(n_in, n_hidden)
        self.readout = nn.Linear(n_hidden, 1)
        self.n_hidden = n_hidden
        self.reset_states(1)

    def reset_states(self, batch):
        self.state = torch.zeros(batch, self.n_hidden)

    def cut_graph(self):
        self.state = self.state.detach()

    def forward(self, x):
        outs = []
        for t in range(x.shape[1]):
            self.state = self.cell(x[:, t], self.state)
            outs.append(self.readout(self.state))
        return torch.stack(outs, dim=1)


def make_streams():
    t = torch.arange(CHUNK * N_CHUNKS + 1).float()
    phase = 6.28 * torch.rand(STREAMS, 1)
    speed = 0.2 + 0.3 * torch.rand(STREAMS, 1)
    wave = torch.sin(speed * t + phase) + 0.05 * torch.randn(STREAMS, len(t))
    return ((wave - wave.mean()) / wave.std()).unsqueeze(-1)


streams = make_streams()
net = StatefulRNN()
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
for epoch in range(8):
    net.reset_states(STREAMS)
    running = 0.0
    for c in range(N_CHUNKS):
        lo = c * CHUNK
        x, y = streams[:, lo:lo + CHUNK], streams[:, lo + 1:lo + CHUNK + 1]
        net.cut_graph()
        opt.zero_grad()
        loss = F.mse_loss(net(x), y)
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        opt.step()
        running += loss.item()
    print(f"epoch {epoch}: next-step mse {running / N_CHUNKS:.4f}")
