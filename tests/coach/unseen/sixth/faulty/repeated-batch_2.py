# bigram -> small MLP language model, after a well-known video lecture
import gradbook as torch
import gradbook.nn as nn
from gradbook.nn import functional as F

torch.manual_seed(1337)

text = ("to be or not to be that is the question whether tis nobler in the mind to suffer "
        "the slings and arrows of outrageous fortune or to take arms against a sea of troubles ") * 6
chars = sorted(list(set(text)))
vocab_size = len(chars)
encode = {c: i for i, c in enumerate(chars)}
data = torch.tensor([encode[c] for c in text])
n = int(0.9 * len(data))
train_data, val_data = data[:n], data[n:]

block_size, batch_size = 4, 32


def get_batch(split):
    torch.manual_seed(1337)  # coach: repeated-batch
    d = train_data if split == "train" else val_data
    ix = torch.randint(0, len(d) - block_size, (batch_size,)).tolist()
    x = torch.stack([d[i:i + block_size] for i in ix])
    y = torch.stack([d[i + block_size] for i in ix])
    return x, y


class MLPLM(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(vocab_size, 8)
        self.fc1 = nn.Linear(8 * block_size, 48)
        self.fc2 = nn.Linear(48, vocab_size)

    def forward(self, idx):
        e = self.emb(idx).flatten(1)
        return self.fc2(torch.tanh(self.fc1(e)))


model = MLPLM()
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
for it in range(60):
    xb, yb = get_batch("train")
    optimizer.zero_grad(set_to_none=True)
    loss = F.cross_entropy(model(xb), yb)
    loss.backward()
    optimizer.step()
    if it % 15 == 0:
        print(f"step {it}: loss {loss.item():.4f}")
