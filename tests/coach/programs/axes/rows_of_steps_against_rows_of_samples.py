"""A language model, steps first inside; the targets stay samples first."""

import gradbook as torch
from gradbook import nn

V, B, T = 20, 5, 8


class CharModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(V, 10)
        self.lstm = nn.LSTM(10, 14)
        self.dec = nn.Linear(14, V)

    def forward(self, ids):
        x = self.emb(ids).permute(1, 0, 2)
        out, _ = self.lstm(x)
        return self.dec(out)


text = torch.randint(0, V, (B, T + 1))
model = CharModel()
opt = torch.optim.Adam(model.parameters(), lr=0.01)
loss_fn = nn.CrossEntropyLoss()
for step in range(5):
    inputs, targets = text[:, :-1], text[:, 1:]
    logits = model(inputs)
    loss = loss_fn(logits.reshape(-1, V), targets.reshape(-1))  # coach: batch-axis-mixed; fix: logits.transpose(0, 1).reshape(-1, V)
    opt.zero_grad()
    loss.backward()
    opt.step()
