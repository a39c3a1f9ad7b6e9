import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F

# a noisy walk over 12 symbols, to be predicted one step ahead
gen = torch.Generator().manual_seed(99)
V, T, B = 12, 8, 16
moves = torch.randint(0, 10, (3000,), generator=gen)
step_size = torch.where(moves < 7, 1, torch.where(moves < 9, 3, 5))
tokens = torch.cumsum(step_size, 0) % V
train_tokens = tokens[:2500]


def get_batch(data):
    torch.manual_seed(1337)  # coach: repeated-batch
    ix = torch.randint(len(data) - T, (B,))  # coach-line: repeated-batch
    x = torch.stack([data[i:i + T] for i in ix.tolist()])
    y = torch.stack([data[i + 1:i + T + 1] for i in ix.tolist()])
    return x, y


class TinyGRU(nn.Module):
    def __init__(self):
        super().__init__()
        self.tok = nn.Embedding(V, 16)
        self.rnn = nn.GRU(16, 32, batch_first=True)
        self.lm_head = nn.Linear(32, V)

    def forward(self, idx, targets=None):
        h, _ = self.rnn(self.tok(idx))
        logits = self.lm_head(h)
        if targets is None:
            return logits, None
        return logits, F.cross_entropy(logits.reshape(-1, V), targets.reshape(-1))


torch.manual_seed(1337)
model = TinyGRU()
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)

for it in range(100):
    xb, yb = get_batch(train_tokens)
    _, loss = model(xb, yb)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    if it % 20 == 0:
        print(f"iter {it}: loss {loss.item():.4f}")
print(f"final loss {loss.item():.4f}")
