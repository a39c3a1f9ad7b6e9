"""A hook collects the activations of a layer; nobody ever empties the list."""

import gradbook as torch
from gradbook import nn

activations = []


def remember(module, inputs, output):
    activations.append(output.detach())  # coach: memory-growth; fix: output.mean().item()


model = nn.Sequential(nn.Linear(16, 64), nn.ReLU(), nn.Linear(64, 4))
model[1].register_forward_hook(remember)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
x, y = torch.randn(32, 16), torch.randint(0, 4, (32,))
for step in range(12):
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    if step % 5 == 0:
        print(step, loss.item(), len(activations))
