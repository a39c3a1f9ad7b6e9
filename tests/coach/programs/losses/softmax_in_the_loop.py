import gradbook as torch
from gradbook import nn

torch.manual_seed(1)
lm = nn.Sequential(nn.Embedding(30, 16), nn.Linear(16, 30))
optim = torch.optim.AdamW(lm.parameters(), lr=3e-3)
tokens = torch.randint(0, 30, (8, 12))
for i in range(5):
    out = lm(tokens[:, :-1]).softmax(-1)  # coach: softmax-before-cross-entropy; fix: out = lm(tokens[:, :-1])
    loss = nn.functional.cross_entropy(out.reshape(-1, 30), tokens[:, 1:].reshape(-1))
    optim.zero_grad()
    loss.backward()
    optim.step()
