"""Truncated backpropagation through time with an LSTMCell: the losses of k steps are summed, then
one backward, then the state is cut from its history."""
import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

torch.manual_seed(0)
K = 6


class Model(nn.Module):
    def __init__(self, dim=16):
        super().__init__()
        self.cell = nn.LSTMCell(2, dim)
        self.head = nn.Linear(dim, 1)

    def start(self, batch):
        return torch.zeros(batch, 16), torch.zeros(batch, 16)

    def forward(self, x, state):
        h, c = self.cell(x, state)
        return self.head(h), (h, c)


def delayed_xor(batch, steps):
    bits = torch.randint(0, 2, (steps, batch, 2)).float()
    target = bits[:, :, 0:1] * 0.7 - 0.4 * bits.roll(1, dims=0)[:, :, 1:2]
    target[0] = 0.7 * bits[0, :, 0:1]
    return bits * 2 - 1, target


model = Model()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
for epoch in range(5):
    x, y = delayed_xor(16, 36)
    state = model.start(16)
    chunk_loss, history = 0.0, []
    for t in range(x.size(0)):
        pred, state = model(x[t], state)
        chunk_loss = chunk_loss + F.mse_loss(pred, y[t])
        if (t + 1) % K == 0:
            optimizer.zero_grad()
            (chunk_loss / K).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            history.append(chunk_loss.item() / K)
            chunk_loss = 0.0
            state = tuple(s.detach() for s in state)
    print(f"epoch {epoch}: {sum(history) / len(history):.4f}")
