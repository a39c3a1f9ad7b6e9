import gradbook as torch
from gradbook import nn

torch.manual_seed(3)
model = nn.Sequential(nn.Embedding(1000, 32), nn.Linear(32, 1000))
opt = torch.optim.AdamW(model.parameters(), lr=1e-3)
tokens = torch.randint(0, 1000, (8, 21))
for step in range(5):
    logits = model(tokens[:, :-1])
    loss = nn.functional.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten())
    opt.zero_grad()
    loss.backward()
    opt.step()
