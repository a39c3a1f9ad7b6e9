import gradbook as torch
from gradbook import nn

model = nn.Linear(5, 1)
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
X = torch.randn(50, 5)
y = (X[:, 0] > 0).float()
for epoch in range(5):
    logits = model(X)
    loss = nn.functional.binary_cross_entropy_with_logits(logits.squeeze(1), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    with torch.no_grad():
        predicted = (logits > 0).float()
        accuracy = (predicted == y).float().mean()  # coach: silent-broadcast; fix: (predicted.squeeze(1) == y)
