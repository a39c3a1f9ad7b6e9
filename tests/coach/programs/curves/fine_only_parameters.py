import gradbook as torch

x = torch.tensor([3.0, -2.0], requires_grad=True)
opt = torch.optim.SGD([x], lr=0.05)
for step in range(20):
    rosenbrock = 100 * (x[1] - x[0] ** 2) ** 2 * 1e-4 + (1 - x[0]) ** 2
    opt.zero_grad()
    rosenbrock.backward()
    opt.step()
