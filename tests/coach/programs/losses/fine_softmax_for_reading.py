import gradbook as torch
from gradbook import nn

model = nn.Sequential(nn.Linear(6, 12), nn.ReLU(), nn.Linear(12, 3))
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
x, y = torch.randn(60, 6), torch.randint(0, 3, (60,))
for epoch in range(5):
    logits = model(x)
    loss = nn.functional.cross_entropy(logits, y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    with torch.no_grad():
        probs = torch.softmax(logits, dim=1)
        confidence = probs.max(1).values.mean().item()
        accuracy = (probs.argmax(1) == y).float().mean().item()
