# Normalised drift of a two-channel signal, with the identity-initialised relu RNN of Le, Jaitly and Hinton.
import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F

torch.manual_seed(6)
STEPS, HIDDEN = 50, 32


def drift_batch(n=32):
    signal = torch.randn(n, STEPS, 2)
    return signal, signal[:, :, 0].sum(dim=1) / STEPS ** 0.5


class IRNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.inp = nn.Linear(2, HIDDEN)
        self.rec = nn.Linear(HIDDEN, HIDDEN, bias=False)
        self.out = nn.Linear(HIDDEN, 1)
        nn.init.eye_(self.rec.weight)
        nn.init.normal_(self.inp.weight, std=0.1)
        nn.init.zeros_(self.inp.bias)

    def forward(self, x):
        h = x.new_zeros(x.size(0), HIDDEN)
        for t in range(x.size(1)):
            h = F.relu(self.inp(x[:, t]) + self.rec(h))
        return self.out(h).squeeze(1)


rnn = IRNN()
opt = torch.optim.SGD(rnn.parameters(), lr=0.004)
for step in range(60):
    signal, drift = drift_batch()
    loss = F.mse_loss(rnn(signal), drift)  # coach-also: loss-diverged
    opt.zero_grad()
    loss.backward()  # coach-line: exploding-gradients
    opt.step()  # coach: exploding-gradients; fix: clip_grad_norm_
    if step % 10 == 0:  # coach-also: nan-origin
        print(f"step {step:3d}  mse {loss.item():.4f}")
