import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F

encoder = nn.Sequential(nn.Linear(9, 18), nn.ReLU(), nn.Linear(18, 6))
classifier = nn.Linear(6, 4)
optimizer = torch.optim.Adam(encoder.parameters(), lr=1e-3)  # coach: stale-optimizer; fix: classifier.parameters()
x, y = torch.randn(40, 9), torch.randint(0, 4, (40,))

for epoch in range(5):
    for chunk in torch.randperm(40).split(20):
        logits = classifier(encoder(x[chunk]))
        loss = F.cross_entropy(logits, y[chunk])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
