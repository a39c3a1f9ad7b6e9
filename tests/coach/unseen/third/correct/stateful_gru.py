"""Self-supervised next-frame prediction: conv frames -> (T, N, C) -> GRU whose state is carried over chunks."""
import gradbook as torch
from gradbook import nn

torch.manual_seed(38)
N, CHUNK = 12, 32


class Stream:
    """Endless sum-of-sines signals, cut into consecutive chunks."""

    def __init__(self):
        self.freq = 0.1 + 0.5 * torch.rand(N, 2, 1)
        self.phase = 6.28 * torch.rand(N, 2, 1)
        self.t = 0

    def next(self):
        t = torch.arange(self.t, self.t + CHUNK + 4).float()
        self.t += CHUNK
        return torch.sin(self.freq * t + self.phase).sum(1) + 0.05 * torch.randn(N, CHUNK + 4)


class Predictor(nn.Module):
    def __init__(self, c=16, h=32):
        super().__init__()
        self.frames = nn.Conv1d(1, c, kernel_size=4, stride=4)
        self.act = nn.Tanh()
        self.rnn = nn.GRU(c, h)
        self.out = nn.Linear(h, 4)

    def forward(self, wave, state):
        codes = self.act(self.frames(wave.unsqueeze(1)))
        y, state = self.rnn(codes.permute(2, 0, 1), state)
        return self.out(y).transpose(0, 1), state


model = Predictor()
opt = torch.optim.Adam(model.parameters(), lr=6e-3)
stream, state = Stream(), torch.zeros(1, N, 32)
smooth = None
for chunk in range(120):
    x = stream.next()
    target = x[:, 4:].reshape(N, -1, 4)
    pred, state = model(x[:, :-4], state.detach())
    loss = nn.functional.mse_loss(pred, target)
    opt.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    opt.step()
    smooth = loss.detach() if smooth is None else 0.9 * smooth + 0.1 * loss.detach()
    if chunk % 24 == 23:
        print(f"chunk {chunk + 1}: mse {smooth.item():.4f}")
