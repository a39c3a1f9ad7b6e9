import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F

encoder = nn.Sequential(nn.Linear(6, 12), nn.BatchNorm1d(12), nn.ReLU())
head = nn.Linear(12, 3)
optimizer = torch.optim.SGD([*encoder.parameters(), *head.parameters()], lr=0.1)
inputs, labels = torch.randn(45, 6), torch.randint(0, 3, (45,))

for epoch in range(3):
    for i in range(0, 30, 10):
        logits = head(encoder(inputs[i : i + 10]))
        loss = F.cross_entropy(logits, labels[i : i + 10])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    encoder.eval()  # coach: train-mode-not-restored; fix: encoder.train()
    head.eval()
    with torch.no_grad():
        val = F.cross_entropy(head(encoder(inputs[30:])), labels[30:])
    print(f"{epoch} {val:.3f}")
