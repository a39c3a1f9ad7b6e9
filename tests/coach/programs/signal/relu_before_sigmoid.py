import gradbook as torch
import gradbook.nn as nn

torch.manual_seed(3)
net = nn.Sequential(
    nn.Linear(7, 12),
    nn.ReLU(),
    nn.Linear(12, 1),
    nn.ReLU(),  # coach: redundant-activation; fix: nn.Linear(12, 1)
    nn.Sigmoid(),
)
optimizer = torch.optim.RMSprop(net.parameters(), lr=1e-3)
batches = [(torch.randn(16, 7), torch.randint(0, 2, (16, 1)).float()) for _ in range(5)]
for x, t in batches:
    optimizer.zero_grad()
    loss = nn.functional.binary_cross_entropy(net(x), t)
    loss.backward()
    optimizer.step()
