import gradbook as torch
import gradbook.nn as nn

model = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True)
out = nn.Linear(8, 5)
optimizer = torch.optim.AdamW([*model.parameters(), *out.parameters()], lr=1e-3)
embed = torch.randn(5, 8)
tokens = torch.randint(0, 5, (12, 7))
for step in range(6):
    logits = out(model(embed[tokens[:, :-1]]))
    loss = nn.functional.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    with torch.inference_mode():
        test = nn.functional.cross_entropy(out(model(embed[tokens[:4, :-1]])).flatten(0, 1), tokens[:4, 1:].flatten())
    print(loss.item(), test.item())
